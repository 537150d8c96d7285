/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Peers' datagrams on the underlay's device, an Ethernet one: a shortcut to the TUN, and the bridge while the port
 * changes hands.
 */
#ifndef OVERLAY_UNDERLAY_H
#define OVERLAY_UNDERLAY_H

#include "accept.h"

/*
 * While our port changes hands, the socket of a vxlan device on another port gets the datagrams (Linux 5.7): the kernel
 * asks for the assigned socket before it looks for one (skb_steal_sock). The header stays as it is.
 */
INLINE int bridge(struct __sk_buff *skb, struct bpf_sock_tuple *tuple, __u32 length)
{
	struct bpf_sock *sk = sk_lookup_udp(skb, tuple, length, THIS_NAMESPACE, 0);

	if (!sk)
		return NEXT;
	if (!sk_assign(skb, sk, 0))
		count(COUNT_BRIDGED, packets_of(skb), 0);
	sk_release(sk);
	return NEXT;
}

/* The inner mark by RFC 6040 section 4.2, figure 4; negative where the packet is to be dropped. */
INLINE int combine(__u8 inner, __u8 outer)
{
	if (outer == 3)
		return inner ? 3 : -1;
	return outer == 1 && inner == 2 ? 1 : inner;
}

/* Writes the mark; pointers into the packet are not valid any more. */
INLINE int set_mark(struct __sk_buff *skb, const __u32 offset, const int is_v4, __u8 first, __u8 second, __u8 mark)
{
	__u8 changed = is_v4 ? (second & 0xfc) | mark : (second & 0xcf) | (mark << 4);

	if (changed == second)
		return 0;

	/* An IPv4 header's sum stays as it is, so the packet's does; IPv6 has none, and the packet's is changed (flag 1). */
	if (!is_v4)
		return store_bytes(skb, offset + 1, &changed, 1, 1) != 0;
	return l3_csum_replace(skb, offset + 10, be16((first << 8) | second), be16((first << 8) | changed), 2)
		|| store_bytes(skb, offset + 1, &changed, 1, 0);
}

/*
 * A single frame goes to the TUN without the kernel's UDP, if it passes all checks of ov_vx. TCP does not: its joined
 * packets come behind the vxlan device's receive cells, which single ones would overtake. A super-packet does not: no
 * helper of Linux 6.18 takes its tunnel state off (bpf_skb_net_shrink), and the bridge would cut it up in software.
 * Whatever is refused here is refused and counted behind the vxlan device.
 */
INLINE int shortcut(
	struct __sk_buff *skb, struct config *config, struct vtep_key *vtep, const __u32 outer, __u8 outer_mark)
{
	const __u32 frame = ETH_HLEN + outer + sizeof(struct udphdr) + 8, packet = frame + ETH_HLEN;
	struct target *sender = map_lookup(&ov_vtep, vtep);
	struct traffic *traffic;
	__u64 flags = ROOM_FIXED_GSO | ROOM_NO_CSUM_RESET;
	__u32 length, id;
	__be32 header[2];
	__be16 type = 0;
	__u8 start[10];
	int mark, is_v4;

	if (!sender || skb->gso_size || load_bytes(skb, frame - sizeof(header), header, sizeof(header)))
		return NEXT;
	if (header[0] != be32(0x08000000) || header[1] != be32(config->vni << 8) || accept_frame(skb, frame, config, &type))
		return NEXT;
	is_v4 = type == be16(ETH_P_IP);
	if (is_v4 ? accept_ipv4(skb, packet, sender) : type == be16(ETH_P_IPV6) ? accept_ipv6(skb, packet, sender) : 1)
		return NEXT;
	if (load_bytes(skb, packet, start, sizeof(start)) || (is_v4 ? start[9] : start[6]) == IPPROTO_TCP)
		return NEXT;
	mark = combine(is_v4 ? start[1] & 3 : (start[1] >> 4) & 3, outer_mark);
	if (mark < 0)
		return NEXT;
	if (is_v4 ? set_mark(skb, packet, 1, start[0], start[1], mark) : set_mark(skb, packet, 0, start[0], start[1], mark))
		return NEXT;

	/* skb->protocol becomes the inner family's by these flags alone (Linux 6.3); a kernel without them refuses. */
	if (is_v4 && outer == sizeof(struct ipv6hdr))
		flags |= ROOM_DECAP_L3_IPV4;
	if (!is_v4 && outer == sizeof(struct iphdr))
		flags |= ROOM_DECAP_L3_IPV6;
	id = sender->peer;
	if (adjust_room(skb, -(__s32)(packet - ETH_HLEN), ROOM_MAC, flags))
		return NEXT;

	/* What the device has verified was the outer checksum (include/linux/skbuff.h, __skb_decr_checksum_unnecessary). */
	csum_level(skb, CSUM_LEVEL_DEC);
	length = skb->len - ETH_HLEN;
	count(REASON_NONE, 1, length);
	count(COUNT_SHORTCUT, 1, length);
	traffic = map_lookup(&ov_traffic, &id);
	if (traffic)
		add(&traffic->ingress, 1, length);
	skb->mark = 0;
	return redirect(config->tun_index, REDIRECT_INGRESS);
}

SEC("tc/ov_ingress")
int ov_ingress(struct __sk_buff *skb)
{
	struct config *config = configuration();
	struct bpf_sock_tuple tuple = {};
	struct vtep_key vtep = {};
	struct udphdr *udp;
	__u8 mark;

	if (!config || !(config->switches & (SWITCH_SHORTCUT | SWITCH_BRIDGE)))
		return NEXT;
	if (skb->protocol == be16(ETH_P_IP)) {
		struct iphdr *ip;

		if (!has_linear(skb, ETH_HLEN + sizeof(*ip) + sizeof(*udp)))
			return NEXT;
		ip = (void *)(long)skb->data + ETH_HLEN;
		udp = (void *)(ip + 1);
		if ((void *)(udp + 1) > (void *)(long)skb->data_end)
			return NEXT;
		if (ip->version != 4 || ip->ihl != 5 || ip->protocol != IPPROTO_UDP || (ip->frag_off & be16(0x3fff))
			|| ip->daddr != config->vtep_v4 || udp->dest != config->port)
			return NEXT;
		if (config->switches & SWITCH_BRIDGE) {
			tuple.ipv4.saddr = ip->saddr;
			tuple.ipv4.daddr = ip->daddr;
			tuple.ipv4.sport = udp->source;
			tuple.ipv4.dport = config->bridge_port;
			return bridge(skb, &tuple, sizeof(tuple.ipv4));
		}

		/* ip_rcv, which the packet will not see, checks the sum. */
		if (fold(sum_of(ip)) != 0xffff || be16(ip->tot_len) != be16(udp->len) + sizeof(*ip)
			|| skb->len < be16(ip->tot_len) + (__u32)ETH_HLEN)
			return NEXT;
		mark = ip->tos & 3;
		vtep.address[0] = ip->saddr;
		return shortcut(skb, config, &vtep, sizeof(*ip), mark);
	}

	if (skb->protocol == be16(ETH_P_IPV6)) {
		struct ipv6hdr *ip;

		if (!has_linear(skb, ETH_HLEN + sizeof(*ip) + sizeof(*udp)))
			return NEXT;
		ip = (void *)(long)skb->data + ETH_HLEN;
		udp = (void *)(ip + 1);
		if ((void *)(udp + 1) > (void *)(long)skb->data_end)
			return NEXT;
		if (ip->version != 6 || ip->nexthdr != IPPROTO_UDP || udp->dest != config->port)
			return NEXT;
#pragma unroll
		for (int i = 0; i < 4; i++) {
			if (ip->daddr.in6_u.u6_addr32[i] != config->vtep_v6[i])
				return NEXT;
			vtep.address[i] = tuple.ipv6.saddr[i] = ip->saddr.in6_u.u6_addr32[i];
			tuple.ipv6.daddr[i] = ip->daddr.in6_u.u6_addr32[i];
		}

		if (config->switches & SWITCH_BRIDGE) {
			tuple.ipv6.sport = udp->source;
			tuple.ipv6.dport = config->bridge_port;
			return bridge(skb, &tuple, sizeof(tuple.ipv6));
		}

		/* A zero checksum is for the kernel to refuse. */
		if (!udp->check || ip->payload_len != udp->len || skb->len < be16(udp->len) + (__u32)(ETH_HLEN + sizeof(*ip)))
			return NEXT;
		mark = (ip->flow_lbl[0] >> 4) & 3;
		return shortcut(skb, config, &vtep, sizeof(*ip), mark);
	}

	return NEXT;
}

#endif
