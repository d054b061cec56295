/** The parts of the program; `start --only` runs some of them, so that they spread over hosts. */
export const PARTS = ['api', 'listeners', 'engine'] as const
export type Part = (typeof PARTS)[number]
