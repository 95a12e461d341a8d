/**
 * The records of the API, as far as the page reads them.
 *
 * @typedef {{ bucket: string, key: string }} ObjectRef
 * @typedef {'queued' | 'running' | 'succeeded' | 'failed' | 'canceled'} State
 * @typedef {'fetch' | 'infer' | 'store'} Stage
 * @typedef {Record<string, unknown>} Options
 * @typedef {{ code: string, detail: string }} Problem
 * @typedef {{ queued_ms: number | null, fetch_ms: number | null, decode_ms: number | null,
 *   infer_ms: number | null, compose_ms: number | null, encode_ms: number | null,
 *   store_ms: number | null }} Timings
 * @typedef {{ id: string, state: State, attempt: number, batch: string | null, source: ObjectRef,
 *   destination: ObjectRef | null, options: Options, distribution: ObjectRef | null,
 *   stage: Stage | null, width: number | null, height: number | null,
 *   content_type: string | null, bytes: number | null, cached: boolean, skipped: string | null,
 *   variants: { destination: ObjectRef, likelihood: number }[], ambiguity: number | null,
 *   ambiguity_map: ObjectRef | null, model: { name: string, digest: string } | null,
 *   timings: Timings, error: Problem | null, created: string, started: string | null,
 *   finished: string | null }} Job
 * @typedef {{ id: string, state: State, stage?: Stage, attempt: number, at: string }} Change
 * @typedef {{ name: string, title: string, temperature: number, vividness: number,
 *   installed: boolean, default: boolean }} Model
 * @typedef {{ listed: number, total: number, skipped: number, queued: number, running: number,
 *   succeeded: number, failed: number, canceled: number }} Counts
 * @typedef {{ id: string, state: string, source: { bucket: string, prefix: string,
 *   manifest: ObjectRef | null }, destination: { bucket: string, prefix: string },
 *   dry_run: boolean, expanded: boolean, counts: Counts, codes: Record<string, number>,
 *   bytes: number, rate: number | null, eta_seconds: number | null,
 *   estimate: { seconds: number | null, pairs: { source: string, destination: string }[] } | null,
 *   report: object | null, error: Problem | null, created: string, finished: string | null }} Batch
 * @typedef {{ key: string, state: string, code: string | null, detail: string | null,
 *   job: string | null }} Entry
 * @typedef {{ start: string, succeeded: number, failed: number, canceled: number }} Minute
 * @typedef {{ queued: Record<string, number>, held: number, running: number, workers: number,
 *   job_ms: number | null, rate: number, minutes: Minute[], errors: Record<string, number> }} Stats
 * @typedef {{ bucket: string, prefix: string, folders: string[],
 *   objects: { key: string, bytes: number }[], next: string | null, writable: boolean,
 *   home: string, places: { bucket: string, prefix: string }[] }} ObjectPage
 */

export {};
