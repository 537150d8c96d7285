/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Parts of all programs: the configuration, counts, and looks at a packet. */
#ifndef OVERLAY_COMMON_H
#define OVERLAY_COMMON_H

#include "tables.h"

INLINE struct config *configuration(void)
{
	__u32 zero = 0;
	struct config *config = map_lookup(&ov_cfg, &zero);

	return config && config->abi == CONFIG_ABI && (config->switches & SWITCH_FORWARD) ? config : 0;
}

INLINE void add(struct count *count, __u64 packets, __u64 bytes)
{
	count->packets += packets;
	count->bytes += bytes;
}

INLINE void count(__u32 row, __u64 packets, __u64 bytes)
{
	struct count *counted = map_lookup(&ov_cnt, &row);

	if (counted)
		add(counted, packets, bytes);
}

/* The first bytes of the packet can be read by pointers; false where it is shorter than that. */
INLINE int has_linear(struct __sk_buff *skb, __u32 length)
{
	if ((void *)(long)skb->data + length <= (void *)(long)skb->data_end)
		return 1;
	return skb->len >= length && pull_data(skb, length) == 0;
}

INLINE int is_same(const struct mac *a, const struct mac *b)
{
	return a->words[0] == b->words[0] && a->words[1] == b->words[1] && a->words[2] == b->words[2];
}

INLINE __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)((sum & 0xffff) + (sum >> 16));
}

INLINE __u32 sum_of(const struct iphdr *ip)
{
	const __u16 *words = (const __u16 *)ip;

	return words[0] + words[1] + words[2] + words[3] + words[4] + words[5] + words[6] + words[7] + words[8] + words[9];
}

INLINE __u32 packets_of(struct __sk_buff *skb)
{
	__u32 segments = skb->gso_segs;

	return segments ? segments : 1;
}

#endif
