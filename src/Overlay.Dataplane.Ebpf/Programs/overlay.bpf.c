/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The forwarding table in the kernel: packets of pods leave from the TUN's egress hook, and come in behind a vxlan device.
 * A packet that no program takes goes to the daemon, which has the same table.
 *
 * No BTF, no relocation but to maps, no function calls between programs: the daemon's own loader takes the object as it is.
 * Header offsets are constants for each family: a variable one is pointer arithmetic that the verifier refuses without
 * CAP_PERFMON (kernel/bpf/verifier.c, sanitize_ptr_alu). Bytes are compared word by word, as __builtin_memcmp becomes a
 * call of a function that no kernel has.
 */
#include "tables.h"

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

/* ---- out ---- */

/*
 * Bytes of the largest packet that the device will make of this one; 0 where that is not known. Nothing behind a redirect
 * fragments, and nothing answers: a packet larger than the underlay's MTU would vanish (net/core/filter.c,
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

INLINE int send_directly(struct __sk_buff *skb, const struct config *config, const struct peer *peer, __be16 type, __u8 ecn)
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

INLINE int send(struct __sk_buff *skb, const struct config *config, const struct target *target, __be16 type, __u8 ecn,
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

/* ---- in ---- */

INLINE enum reason accept_addresses(const struct target *sender, const struct target *source, const struct target *destination)
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

INLINE struct target *sender_of(struct __sk_buff *skb, struct tunnel_key *key)
{
	struct vtep_key vtep = {};

	if (!get_tunnel_key(skb, key, TUNNEL_KEY_WITHOUT_LOCAL, 0))
		vtep.address[0] = be32(key->remote_v4);
	else if (!get_tunnel_key(skb, key, TUNNEL_KEY_WITHOUT_LOCAL, TUNNEL_IPV6)) {
		vtep.address[0] = key->remote_v6[0];
		vtep.address[1] = key->remote_v6[1];
		vtep.address[2] = key->remote_v6[2];
		vtep.address[3] = key->remote_v6[3];
	} else
		return 0;
	return map_lookup(&ov_vtep, &vtep);
}

/*
 * Behind the vxlan device, which has done the outer part: addresses, checksum, fragments, flags and reserved bits, and
 * the congestion marks of RFC 6040 section 4.2 (vxlan_rcv). It also leaves no tunnel state in the packet, as
 * bpf_skb_adjust_room would: iptunnel_pull_offloads.
 */
SEC("tc/ov_vx")
int ov_vx(struct __sk_buff *skb)
{
	struct config *config = configuration();
	struct tunnel_key key = {};
	struct target *sender = config ? sender_of(skb, &key) : 0;
	struct traffic *traffic;
	enum reason reason = REASON_UNKNOWN_VTEP;
	__u32 length = skb->len > ETH_HLEN ? skb->len - ETH_HLEN : 0, packets = packets_of(skb), id;
	__be16 type = 0;

	if (!config || !sender)
		goto dropped;
	reason = REASON_VXLAN_VNI_NOT_FOUND;
	if (key.id != config->vni)
		goto dropped;
	reason = accept_frame(skb, 0, config, &type);
	if (reason)
		goto dropped;
	reason = type == be16(ETH_P_IP) ? accept_ipv4(skb, ETH_HLEN, sender)
		: type == be16(ETH_P_IPV6) ? accept_ipv6(skb, ETH_HLEN, sender)
		: REASON_UNHANDLED_PROTO;
	if (reason)
		goto dropped;
	count(REASON_NONE, packets, length);
	id = sender->peer;
	traffic = map_lookup(&ov_traffic, &id);
	if (traffic)
		add(&traffic->ingress, packets, length);

	/* A mark that the underlay's rules gave to the outer packet is no pod's. */
	skb->mark = 0;
	return redirect(config->tun_index, REDIRECT_INGRESS);

dropped:
	count(reason, packets, length);
	return SHOT;
}

/* ---- on the underlay's device, an Ethernet one ---- */

/*
 * While our port changes hands, the socket of a vxlan device on another port gets the datagrams (Linux 5.7): the kernel asks
 * for the assigned socket before it looks for one (skb_steal_sock). The header stays as it is.
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
 * A single frame goes to the TUN without the kernel's UDP, if it passes all checks of ov_vx. TCP does not: its joined packets
 * come behind the vxlan device's receive cells, which single ones would overtake. A super-packet does not: no helper of
 * Linux 6.18 takes its tunnel state off (bpf_skb_net_shrink), and the bridge would cut it up in software. Whatever
 * is refused here is refused and counted behind the vxlan device.
 */
INLINE int shortcut(struct __sk_buff *skb, struct config *config, struct vtep_key *vtep, const __u32 outer, __u8 outer_mark)
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

/* ---- probes: each returns what bpf_skb_adjust_room did, for BPF_PROG_TEST_RUN ---- */

SEC("tc/ov_probe_encap")
int ov_probe_encap(struct __sk_buff *skb)
{
	return (int)adjust_room(skb, ENCAPSULATION, ROOM_MAC, ENCAPSULATE);
}

SEC("tc/ov_probe_inner")
int ov_probe_inner(struct __sk_buff *skb)
{
	return (int)adjust_room(skb, -28, ROOM_MAC, ROOM_FIXED_GSO | ROOM_NO_CSUM_RESET | ROOM_DECAP_L3_IPV4);
}

SEC("tc/ov_probe_decap")
int ov_probe_decap(struct __sk_buff *skb)
{
	return (int)adjust_room(skb, -28, ROOM_MAC, ROOM_FIXED_GSO | ROOM_NO_CSUM_RESET | ROOM_DECAP_L4_UDP);
}

char _license[] SEC("license") = "Dual MIT/GPL";
