import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { clinicalDocument, documentPage, documentQuery } from '../../contract/documents.ts'
import { listDocuments, readClinicalDocument } from '../../store/read-documents.ts'
import { noteAccess } from '../audit-trail.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { answers, found, idParameter } from '../responses.ts'

/** Clinical documents: what there is, and the content of each. */
export const documentRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, store) => {
  const tags = ['documents']
  const config = { needs: 'results.read' } as const

  app.get(
    '/api/documents',
    {
      config,
      schema: {
        tags,
        summary: 'Clinical documents, newest first',
        querystring: documentQuery,
        response: answers(documentPage),
      },
    },
    async (request) => {
      const page = await listDocuments(store, request.query)
      const { patient_id: patientId } = request.query
      const object = patientId === undefined ? 'document' : `patient/${patientId}`
      await noteAccess(request, { action: 'document.search', object, detail: { count: page.items.length } })
      return page
    },
  )

  app.get(
    '/api/documents/:id',
    {
      config,
      schema: { tags, summary: 'One document', params: idParameter, response: answers(clinicalDocument) },
    },
    async (request) => {
      const { id } = request.params
      const record = found(await readClinicalDocument(store, id), 'document')
      const detail = { patient: record.patient_id }
      await noteAccess(request, { action: 'document.read', object: `document/${id}`, detail })
      return record
    },
  )

  app.get(
    '/api/documents/:id/content',
    {
      config,
      schema: {
        tags,
        summary: 'The content of a document, as it was filed; read from Cerner once and then kept',
        params: idParameter,
        produces: ['application/octet-stream'],
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const record = found(await readClinicalDocument(store, id), 'document')
      const { bytes, mediaType } = await store.engine.documents.content(id)
      const detail = { patient: record.patient_id, bytes: bytes.length }
      await noteAccess(request, { action: 'document.read-content', object: `document/${id}`, detail })
      // Whatever is inside, a browser must neither run it nor take it for something else.
      return reply
        .header('content-type', mediaType)
        .header('content-disposition', 'attachment')
        .header('content-security-policy', "sandbox; default-src 'none'")
        .header('x-content-type-options', 'nosniff')
        .send(Buffer.from(bytes))
    },
  )
}
