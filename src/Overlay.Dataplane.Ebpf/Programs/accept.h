/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * What a frame from a peer has to pass before its packet enters a pod's world: the checks of the daemon's Decapsulator,
 * in the same order.
 */
#ifndef OVERLAY_ACCEPT_H
#define OVERLAY_ACCEPT_H

#include "common.h"

INLINE enum reason accept_addresses(
	const struct target *sender, const struct target *source, const struct target *destination)
{
	if (!source || source->peer == OWN_NODE || source->owner != sender->owner)
		return REASON_SOURCE_NOT_ALLOWED;
	if (!destination || destination->peer != OWN_NODE)
		return REASON_IP_IN_ADDR_ERRORS;
	return REASON_NONE;
}

/* The inner packet at a constant offset, as Decapsulator checks it, in the same order. */
INLINE enum reason accept_ipv4(struct __sk_buff *skb, const __u32 offset, const struct target *sender)
{
	struct route_key_v4 from = { .length = 32 }, to = { .length = 32 };
	struct iphdr *ip;
	__u32 length = skb->len - offset, total, header, sum;

	if (skb->len < offset + sizeof(*ip) || !has_linear(skb, offset + sizeof(*ip)))
		return REASON_PKT_TOO_SMALL;
	ip = (void *)(long)skb->data + offset;
	if ((void *)(ip + 1) > (void *)(long)skb->data_end)
		return REASON_PKT_TOO_SMALL;
	header = ip->ihl * 4;
	total = be16(ip->tot_len);

	/* BIG TCP: a joined packet beyond 64 KiB has length 0 (net/ipv4/af_inet.c, inet_gro_complete, iph_set_totlen). */
	if (!total && skb->gso_size && length > LARGEST_PACKET)
		total = length;
	if (ip->version != 4 || header < sizeof(*ip) || total < header || total > length)
		return REASON_IP_IN_HDR;
	from.address = ip->saddr;
	to.address = ip->daddr;
	sum = sum_of(ip);
	if (header > sizeof(*ip)) {
#pragma unroll
		for (__u32 word = 0; word < 10; word++) {
			__u16 option[2] = {};

			if (sizeof(*ip) + word * 4 < header)
				load_bytes(skb, offset + sizeof(*ip) + word * 4, option, sizeof(option));
			sum += option[0] + option[1];
		}
	}

	if (fold(sum) != 0xffff)
		return REASON_IP_CSUM;
	return accept_addresses(sender, map_lookup(&ov_rt4, &from), map_lookup(&ov_rt4, &to));
}

INLINE enum reason accept_ipv6(struct __sk_buff *skb, const __u32 offset, const struct target *sender)
{
	struct route_key_v6 from = { .length = 128 }, to = { .length = 128 };
	struct ipv6hdr *ip;

	if (skb->len < offset + sizeof(*ip) || !has_linear(skb, offset + sizeof(*ip)))
		return REASON_PKT_TOO_SMALL;
	ip = (void *)(long)skb->data + offset;
	if ((void *)(ip + 1) > (void *)(long)skb->data_end)
		return REASON_PKT_TOO_SMALL;
	if (ip->version != 6 || offset + sizeof(*ip) + be16(ip->payload_len) > skb->len)
		return REASON_IP_IN_HDR;
#pragma unroll
	for (int i = 0; i < 4; i++) {
		from.address[i] = ip->saddr.in6_u.u6_addr32[i];
		to.address[i] = ip->daddr.in6_u.u6_addr32[i];
	}

	return accept_addresses(sender, map_lookup(&ov_rt6, &from), map_lookup(&ov_rt6, &to));
}

/* The inner frame at a constant offset. The type is 0 where there is none to go on with. */
INLINE enum reason accept_frame(struct __sk_buff *skb, const __u32 offset, const struct config *config, __be16 *type)
{
	struct {
		struct mac to, from;
		__be16 type;
	} *link;

	if (!has_linear(skb, offset + ETH_HLEN))
		return REASON_PKT_TOO_SMALL;
	link = (void *)(long)skb->data + offset;
	if ((void *)(link + 1) > (void *)(long)skb->data_end)
		return REASON_PKT_TOO_SMALL;
	if (!(link->from.words[0] | link->from.words[1] | link->from.words[2]) || (*(__u8 *)&link->from & 1))
		return REASON_MAC_INVALID_SOURCE;
	if (is_same(&link->from, &config->mac) || is_same(&link->from, &config->mac_v6))
		return REASON_LOCAL_MAC;
	if (!is_same(&link->to, &config->mac) && !is_same(&link->to, &config->mac_v6))
		return REASON_OTHER_HOST;
	*type = link->type;
	return REASON_NONE;
}

#endif
