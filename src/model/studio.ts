import type { ConnectionId } from '../kernel/ids.ts'

/** The practice itself, as the source of what its users say: stands where a connection stands for news of others. */
export const STUDIO_CONNECTION_ID = '00000000-0000-7000-8000-000000000001' as ConnectionId

export const STUDIO_NAME = 'Practice Studio'
