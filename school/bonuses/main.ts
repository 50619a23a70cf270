import { runService } from 'cutover/service'
import { bonuses } from './service.ts'

await runService(bonuses)
