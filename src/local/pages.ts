/** The largest page that the API returns. */
const PAGE_ITEMS = 100;

interface Page<Item> {
  data: Item[];
  has_more: boolean;
}

/** Reads a list page by page, up to `limit` items. */
export async function itemsOf<Item extends { id: string } | { network_transaction_id: string }>(
  readPage: (page: { limit: number; starting_after?: string }) => Promise<Page<Item>>,
  limit: number,
): Promise<Item[]> {
  const items: Item[] = [];
  for (let hasMore = limit > 0; hasMore && items.length < limit;) {
    const last = items.at(-1);
    const page = await readPage({
      limit: Math.min(limit - items.length, PAGE_ITEMS),
      ...(last && { starting_after: "id" in last ? last.id : last.network_transaction_id }),
    });
    items.push(...page.data);
    hasMore = page.has_more;
  }
  return items;
}
