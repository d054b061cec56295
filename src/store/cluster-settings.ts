/**
 * How the embedded PostgreSQL is set up: safe first (a commit is on disk before it is acknowledged), then sized
 * for two cores and little memory beside the engine, for a log that is mostly appended to.
 */
// prettier-ignore
export const CLUSTER_SETTINGS: Readonly<Record<string, string>> = {
  // --- nothing acknowledged is ever lost ---
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',

  // --- memory and processes ---
  shared_buffers: '128MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  max_connections: '80',
  max_worker_processes: '4',
  max_parallel_workers_per_gather: '0',
  io_workers: '2',
  huge_pages: 'off',
  // Compiling a plan takes longer than our statements run.
  jit: 'off',

  // --- log of changes: few checkpoints, because each is followed by a wave of full-page images ---
  wal_buffers: '16MB',
  max_wal_size: '2GB',
  min_wal_size: '256MB',
  checkpoint_timeout: '15min',
  checkpoint_completion_target: '0.9',
  max_wal_senders: '0',
  wal_level: 'replica',
  // The packaged build has only pglz, which costs more than it saves on bytes that are encrypted anyway.
  wal_compression: 'off',

  // --- planner: solid-state disks ---
  random_page_cost: '1.1',

  // --- vacuum: tables that only grow are visited early, so their index-only scans stay fast ---
  autovacuum_naptime: '15s',
  autovacuum_max_workers: '2',
  autovacuum_vacuum_insert_scale_factor: '0.1',
  autovacuum_vacuum_scale_factor: '0.1',
  autovacuum_analyze_scale_factor: '0.05',

  // --- the server's own log: a week, and never a value. Details and statements quote values, so they stay out ---
  logging_collector: 'on',
  log_directory: 'log',
  log_filename: 'postgres-%a.log',
  log_truncate_on_rotation: 'on',
  log_rotation_age: '1d',
  log_rotation_size: '0',
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',

  // --- everything in UTC ---
  timezone: 'UTC',
  log_timezone: 'UTC',
}

/** Settings as arguments of the `postgres` program. */
export const settingArguments = (settings: Readonly<Record<string, string>>): string[] =>
  Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
