import type { FastifyInstance } from 'fastify'
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { countOpenErrors, readQueue } from '../store/read-metrics.ts'
import type { ServerDependencies } from './dependencies.ts'

const BUCKETS_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

/** `/metrics` for Prometheus: counts and times by route, never by patient, so it asks for no token. */
export function exposeMetrics(app: FastifyInstance, dependencies: ServerDependencies): void {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  measureRequests(app, registry)
  measureQueue(registry, dependencies)
  app.get(
    '/metrics',
    { config: { needs: 'nothing' }, logLevel: 'silent', schema: { hide: true } },
    async (_request, reply) => {
      // Put together at each scrape: other rooms may add figures while they run.
      const all = dependencies.metrics ? Registry.merge([registry, dependencies.metrics]) : registry
      return reply.type(all.contentType).send(await all.metrics())
    },
  )
}

function measureRequests(app: FastifyInstance, registry: Registry): void {
  const duration = new Histogram({
    name: 'practice_studio_http_request_duration_seconds',
    help: 'Time from the request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS_SECONDS,
    registers: [registry],
  })
  app.addHook('onResponse', async (request, reply) => {
    // The pattern of the route, since an address can name a patient.
    const route = request.routeOptions.url ?? 'unknown'
    const labels = { method: request.method, route, status: reply.statusCode }
    duration.observe(labels, reply.elapsedTime / 1000)
  })
}

function measureQueue(registry: Registry, { database, clock }: ServerDependencies): void {
  const name = (what: string): string => `practice_studio_${what}`
  const registers = [registry]
  const failures = new Counter({
    name: name('scrape_failures_total'),
    help: 'Times the queue could not be read.',
    registers,
  })
  const oldest = new Gauge({
    name: name('queue_oldest_seconds'),
    help: 'Age of the oldest exchange that waits.',
    registers,
  })
  const retrying = new Gauge({
    name: name('queue_retrying'),
    help: 'Exchanges waiting for another attempt.',
    registers,
  })
  const parked = new Gauge({
    name: name('open_errors'),
    help: 'Exchanges parked and not yet decided.',
    registers,
  })
  new Gauge({
    name: name('queue_waiting'),
    help: 'Exchanges received and not yet at their end.',
    registers,
    async collect() {
      try {
        const queue = await readQueue(database, clock.now())
        this.set(queue.waiting)
        oldest.set(queue.oldest_seconds ?? 0)
        retrying.set(queue.retrying)
        parked.set(await countOpenErrors(database))
      } catch {
        failures.inc()
      }
    },
  })
}
