/** Two strokes that walk in step: the practice and the hospital. */
export function BrandMark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect x="0.5" y="0.5" width="31" height="31" rx="8" fill="#0b3b3a" stroke="#2a6462" />
      <path
        d="M9 24V13a5 5 0 0 1 10 0"
        fill="none"
        stroke="#f2b544"
        strokeWidth="3.4"
        strokeLinecap="round"
      />
      <path
        d="M23 8v11a5 5 0 0 1-10 0"
        fill="none"
        stroke="#7fd6c8"
        strokeWidth="3.4"
        strokeLinecap="round"
      />
    </svg>
  )
}
