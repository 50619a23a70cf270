import type { RouteDefinition } from 'cutover/http/server'
import { type CertificateRow, paths } from '../api/contract.ts'
import { stateOf } from './certificate.ts'
import type { Certificate, Certificates } from './store.ts'

/** The certificates of drained links, for operators. */
export const certificateRoutes = (certificates: Certificates, now: () => number): RouteDefinition[] => [
  {
    method: 'GET',
    path: paths.certificates,
    operationId: 'listCertificates',
    summary: 'Which links were certified as drained of a route, by which run, until when, and which of it was revoked and why',
    policy: 'operator',
    tags: ['certificates'],
    query: { type: 'object', additionalProperties: false, properties: { link: { type: 'string', minLength: 1, maxLength: 64 } } },
    async handle(request) {
      const rows = await certificates.list((request.query['link'] as string | undefined) ?? null)
      return { body: rows.map(row => rowOf(row, now())) }
    },
  },
]

const rowOf = (certificate: Certificate, nowMs: number): CertificateRow => ({
  link: certificate.link,
  route: certificate.route,
  run: certificate.run,
  state: stateOf(certificate, nowMs),
  epoch: certificate.epoch,
  issued: certificate.issued,
  terminal: certificate.terminal,
  late: certificate.late,
  issued_at: certificate.issuedAt.toISOString(),
  expires_at: certificate.expiresAt.toISOString(),
  revoked_at: certificate.revokedAt?.toISOString() ?? null,
  revoked_by: certificate.revokedBy,
})
