/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Pods' packets on the TUN's egress hook: headers in front, or by the vxlan device. */
#ifndef OVERLAY_EGRESS_H
#define OVERLAY_EGRESS_H

#include "common.h"

#define ENCAPSULATION 50 /* outer IPv4, UDP, VXLAN, inner Ethernet */
#define ENCAPSULATION_V6 70
#define FIRST_PORT 49152 /* RFC 7348 section 5 recommends 49152 to 65535 */
#define LAST_PORT 65535
#define HOP_LIMIT 64
#define LARGEST_PACKET 65535

#define ENCAPSULATE (ROOM_FIXED_GSO | ROOM_ENCAP_L3_IPV4 | ROOM_ENCAP_L4_UDP | ROOM_ENCAP_L2(ETH_HLEN) \
	| ROOM_ENCAP_L2_ETH | ROOM_NO_CSUM_RESET)

/* What is stored in front of a packet. The first two bytes keep the rest aligned and are not a part of it. */
struct outer {
	__u16 padding;
	struct ethhdr link; /* bpf_redirect_neigh writes the addresses */
	struct iphdr ip;
	struct udphdr udp;
	__be32 vxlan_flags;
	__be32 vxlan_vni;
	struct mac to;
	struct mac from;
	__be16 type;
};

/*
 * Bytes of the largest packet that the device will make of this one; 0 where that is not known. Nothing behind a
 * redirect fragments, and nothing answers: a packet larger than the underlay's MTU would vanish (net/core/filter.c,
 * bpf_out_neigh_v4 goes to neigh_output without ip_fragment).
 */
INLINE __u32 largest_segment(struct __sk_buff *skb, __u32 header, __u8 protocol)
{
	__u8 offset;

	if (!skb->gso_size)
		return skb->len;
	if (protocol == IPPROTO_UDP)
		return header + sizeof(struct udphdr) + skb->gso_size;
	if (protocol != IPPROTO_TCP || load_bytes(skb, header + 12, &offset, sizeof(offset)))
		return 0;
	return header + (offset >> 4) * 4 + skb->gso_size;
}

INLINE int send_directly(
	struct __sk_buff *skb, const struct config *config, const struct peer *peer, __be16 type, __u8 ecn)
{
	__u32 hash = flow_hash(skb);
	__u32 length = skb->len;
	struct outer outer = {};

	/*
	 * adjust_room comes first: its failure leaves the packet as it was, for the daemon. EALREADY is one: the packet is
	 * a tunnel's of the pod's own. FIXED_GSO: the size of segments fits already (largest_segment), and a UDP
	 * super-packet is refused without it (bpf_skb_net_grow).
	 */
	if (adjust_room(skb, ENCAPSULATION, ROOM_MAC, ENCAPSULATE))
		return NEXT;

	/* A TUN's packet has no link header, and bpf_redirect_neigh drops what has none (__bpf_redirect_neigh). */
	if (change_head(skb, ETH_HLEN, 0)) {
		count(COUNT_EGRESS_FAILED, 1, length);
		return SHOT;
	}

	/* The kernel's own formula (include/net/udp.h, udp_flow_src_port): a flow has one port either way. */
	hash ^= hash << 16;
	outer.link.h_proto = be16(ETH_P_IP);
	outer.ip.version = 4;
	outer.ip.ihl = 5;
	outer.ip.tos = ecn; /* RFC 6040 section 4.1, normal mode, CE too; DSCP 0 */
	outer.ip.tot_len = be16(length + ENCAPSULATION);
	outer.ip.id = (__be16)random_u32(); /* DF is clear, so fragments need it */
	outer.ip.ttl = HOP_LIMIT;
	outer.ip.protocol = IPPROTO_UDP;
	outer.ip.saddr = config->vtep_v4;
	outer.ip.daddr = peer->address[0];
	outer.ip.check = ~fold(sum_of(&outer.ip));
	outer.udp.source = be16((__u16)((((__u64)hash * (LAST_PORT - FIRST_PORT)) >> 32) + FIRST_PORT));
	outer.udp.dest = config->port;

	/* Checksum 0 (RFC 7348 section 5: SHOULD be): SKB_GSO_UDP_TUNNEL, which adjust_room sets, has no other. */
	outer.udp.len = be16(length + ENCAPSULATION - sizeof(struct iphdr));
	outer.vxlan_flags = be32(0x08000000);
	outer.vxlan_vni = be32(config->vni << 8);
	outer.to = peer->mac;
	outer.from = config->mac;
	outer.type = type;
	if (store_bytes(skb, 0, &outer.link, ETH_HLEN + ENCAPSULATION, 0)) {
		count(COUNT_EGRESS_FAILED, 1, length);
		return SHOT;
	}

	return redirect_neigh(config->underlay_index, 0, 0, 0);
}

INLINE int send_by_device(struct __sk_buff *skb, const struct config *config, const struct peer *peer, __be16 type)
{
	struct tunnel_key key = { .id = config->vni, .ttl = HOP_LIMIT };
	struct {
		struct mac to, from;
		__be16 type;
	} link = { peer->mac, config->mac, type };
	__u64 flags = peer->family == 6 ? TUNNEL_IPV6 : 0;
	__u32 length = skb->len;

	if (peer->family == 6) {
		key.remote_v6[0] = peer->address[0];
		key.remote_v6[1] = peer->address[1];
		key.remote_v6[2] = peer->address[2];
		key.remote_v6[3] = peer->address[3];
		key.local_v6[0] = config->vtep_v6[0];
		key.local_v6[1] = config->vtep_v6[1];
		key.local_v6[2] = config->vtep_v6[2];
		key.local_v6[3] = config->vtep_v6[3];
	} else {
		key.remote_v4 = be32(peer->address[0]);
		key.local_v4 = be32(config->vtep_v4);
	}

	/* The order matters: a metadata destination set before is lost when the head changes. */
	if (change_head(skb, ETH_HLEN, 0))
		return NEXT;
	/*
	 * Before Linux 6.0 the structure ends at the label, and the route chooses the source address. Checksums are the
	 * device's: over IPv6 a zero one is dropped by vxlan devices and by sockets (net/ipv6/udp.c, udp6_csum_init).
	 */
	if ((set_tunnel_key(skb, &key, sizeof(key), flags) && set_tunnel_key(skb, &key, TUNNEL_KEY_WITHOUT_LOCAL, flags))
		|| store_bytes(skb, 0, &link, ETH_HLEN, 0)) {
		count(COUNT_EGRESS_FAILED, 1, length);
		return SHOT;
	}

	return redirect(config->vxlan_index, 0);
}

INLINE int send(
	struct __sk_buff *skb, const struct config *config, const struct target *target, __be16 type, __u8 ecn,
	__u32 segment)
{
	__u32 id = target->peer;
	struct peer *peer;
	struct traffic *traffic;
	__u32 packets = packets_of(skb), length = skb->len;
	int is_direct, verdict;

	if (id == OWN_NODE)
		return NEXT;
	peer = map_lookup(&ov_peer, &id);
	if (!peer || !peer->family)
		return NEXT;
	is_direct = (config->switches & SWITCH_DIRECT) && peer->family == 4 && config->vtep_v4 && segment
		&& segment + ENCAPSULATION <= config->underlay_mtu && length + ENCAPSULATION <= LARGEST_PACKET;
	if (!is_direct && !config->vxlan_index)
		return NEXT;

	/*
	 * The vxlan device has IPv4 fragment what is too large, and has IPv6 drop it (net/ipv6/ip6_output.c, ip6_fragment asks
	 * for ignore_df, which only sockets set); the daemon's sockets send fragments.
	 */
	if (peer->family == 6 && (!segment || segment + ENCAPSULATION_V6 > config->underlay_mtu))
		return NEXT;

	verdict = is_direct ? send_directly(skb, config, peer, type, ecn) : send_by_device(skb, config, peer, type);
	if (verdict == NEXT || verdict == SHOT)
		return verdict;

	/*
	 * The pod's mark, as kube-proxy's 0x4000, would choose the outer packet's route, which is looked up once the program
	 * has returned (bpf_out_neigh_v4, vxlan_xmit_one).
	 */
	skb->mark = 0;
	count(is_direct ? COUNT_EGRESS_DIRECT : COUNT_EGRESS_DEVICE, packets, length);
	traffic = map_lookup(&ov_traffic, &id);
	if (traffic)
		add(&traffic->egress, packets, length);
	return verdict;
}

SEC("tc/ov_egress")
int ov_egress(struct __sk_buff *skb)
{
	struct config *config = configuration();
	struct target *target;

	if (!config)
		return NEXT;
	if (skb->protocol == be16(ETH_P_IP)) {
		struct route_key_v4 key = { .length = 32 };
		struct iphdr *ip;

		if (!has_linear(skb, sizeof(*ip)))
			return NEXT;
		ip = (void *)(long)skb->data;
		if ((void *)(ip + 1) > (void *)(long)skb->data_end)
			return NEXT;
		__u8 ecn = ip->tos & 3;
		__u32 segment = largest_segment(skb, ip->ihl * 4, ip->protocol);

		key.address = ip->daddr;
		target = map_lookup(&ov_rt4, &key);
		return target ? send(skb, config, target, be16(ETH_P_IP), ecn, segment) : NEXT;
	}

	if (skb->protocol == be16(ETH_P_IPV6)) {
		struct route_key_v6 key = { .length = 128 };
		struct ipv6hdr *ip;

		if (!has_linear(skb, sizeof(*ip)))
			return NEXT;
		ip = (void *)(long)skb->data;
		if ((void *)(ip + 1) > (void *)(long)skb->data_end)
			return NEXT;
		__u8 ecn = (ip->flow_lbl[0] >> 4) & 3;
		__u32 segment = largest_segment(skb, sizeof(*ip), ip->nexthdr);

		key.address[0] = ip->daddr.in6_u.u6_addr32[0];
		key.address[1] = ip->daddr.in6_u.u6_addr32[1];
		key.address[2] = ip->daddr.in6_u.u6_addr32[2];
		key.address[3] = ip->daddr.in6_u.u6_addr32[3];
		target = map_lookup(&ov_rt6, &key);
		return target ? send(skb, config, target, be16(ETH_P_IPV6), ecn, segment) : NEXT;
	}

	return NEXT;
}

#endif
