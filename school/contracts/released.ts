/** Every released event version and the SHA-256 of its canonical JSON. Adding a line releases a version; no line ever changes. */
export const released: Readonly<Record<string, string>> = {
  'CandidateRegistered v0': '54aff6cd276215fbc0a5f26cad8a8061905852a818ac6ee01be484c855c8b494',
  'ManagerCreated v0': '09ae2365ffcd198e76e840a4de25764145daf5aee684b3fdd3f33e218f8d9ebb',
  'TaskChanged v0': 'bbb38ddec4560ecdeb2ce982bd7408fce66e4dafce2c416284364aa609c787ed',
  'TaskChanged v1': '9b48a7e46eb75f7840fba2fa6c6f82516a347eeecdcaa123bc81fe5e1d8b6bf1',
  'TaskCompleted v0': 'de6799b867e867bd2f79ad23163e977305213797dff8c0f7090edb35c76d1783',
  'TaskCreated v0': '58c2a80d005008e37c7aab5b9584857dac2f12cd7fbdbfc646a48710b313aee4',
  'TaskCreated v1': 'e6b0d9d7e699551a734e53d07ead6d076ef011026deffd3a8fda39e864e89384',
  'TaskFailed v0': '662569d9cde9d6cf994deb11974b2410466dfebab103254a30bec61ff66ab787',
  'TaskRating v0': '5c814e85e09aebe1fdec3ad05e0d9b7f594d1bed81fcb59736163d75c3c57ce6',
  'TaskReworkRequested v0': '2d05c1a4a5337910275cdd3db203d829a9ba21cf1375149c79cd388a2183245e',
}
