import { createContext, use } from 'react'
import type { Permission, SessionInfo } from '../../contract/session.ts'

const SessionContext = createContext<SessionInfo | null>(null)
export const SessionProvider = SessionContext.Provider

export function useSession(): SessionInfo {
  const session = use(SessionContext)
  if (session === null) throw new Error('useSession needs an open session')
  return session
}
export const useMay = (permission: Permission): boolean => useSession().permissions.includes(permission)
