import { type DoctorReport, type Finding, severities } from '../api/doctor.ts'
import { abilityChecks } from './checks/abilities.ts'
import { copyChecks } from './checks/copies.ts'
import { engineChecks } from './checks/engine.ts'
import { epochChecks } from './checks/epochs.ts'
import { factChecks } from './checks/facts.ts'
import { instanceChecks } from './checks/instances.ts'
import { loopChecks } from './checks/loops.ts'
import { routeChecks } from './checks/routes.ts'
import { runChecks } from './checks/runs.ts'
import { topicChecks } from './checks/topics.ts'
import { versionChecks } from './checks/versions.ts'
import { type Check, finding, type Found } from './found.ts'

/** Everything that is looked at, in the order in which a cause comes before what follows from it. */
export const checks: readonly Check[] = [
  ...engineChecks,
  ...instanceChecks,
  ...epochChecks,
  ...routeChecks,
  ...abilityChecks,
  ...versionChecks,
  ...topicChecks,
  ...copyChecks,
  ...loopChecks,
  ...factChecks,
  ...runChecks,
]

/** What was found against what is wanted: pure. A check that cannot look is a finding, never silence. */
export function examine(found: Found, all: readonly Check[] = checks): Omit<DoctorReport, 'took_ms'> {
  const findings = all.flatMap((check): readonly Finding[] => {
    try {
      return check.look(found)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return [finding('unknown', 'check_failed', 'doctor', { check: check.name, reason })]
    }
  })
  const ordered = severities.flatMap(severity => findings.filter(one => one.severity === severity))
  return { ok: findings.length === 0, checks: all.length, findings: ordered }
}
