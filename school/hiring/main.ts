import { runService } from 'cutover/service'
import { hiring } from './service.ts'

await runService(hiring)
