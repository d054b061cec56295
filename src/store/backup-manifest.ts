import { z } from 'zod'

/** What `manifest.json` of a backup says. It is written last, so a folder with one is whole. */
export const backupManifest = z.object({
  format: z.literal(1),
  made_at: z.iso.datetime(),
  postgres: z.string(),
  /** The migrations the database had; a restore brings a new database to exactly these first. */
  migrations: z.array(z.object({ name: z.string(), sha256: z.string() })),
  tables: z.array(
    z.object({
      name: z.string(),
      columns: z.array(z.string()),
      /** Set for a partition, which a restore makes where the new database lacks it. */
      partition: z.object({ of: z.string(), bound: z.string() }).nullable(),
      /** COPY binary format, compressed with Zstandard. */
      file: z.string().regex(/^[a-z0-9_]+\.copy\.zst$/),
      rows: z.int(),
      bytes: z.int(),
      sha256: z.string(),
    }),
  ),
  sequences: z.array(z.object({ name: z.string(), last_value: z.string(), is_called: z.boolean() })),
})

export type BackupManifest = z.infer<typeof backupManifest>
export type BackupTable = BackupManifest['tables'][number]
