/** Runs all of them, so many at a time. */
export async function each<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item, at: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const left = items.map((item, at) => ({ item, at }))
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) results[next.at] = await work(next.item, next.at)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}
