import { runService } from 'cutover/service'
import { management } from './service.ts'

await runService(management)
