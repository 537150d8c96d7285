/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Peers' frames behind the vxlan device. */
#ifndef OVERLAY_INGRESS_H
#define OVERLAY_INGRESS_H

#include "accept.h"

/* The VTEP that a frame comes from, as the vxlan device has noted it. */
INLINE struct target *sender_of(struct __sk_buff *skb, struct tunnel_key *key, struct vtep_key *vtep)
{
	if (!get_tunnel_key(skb, key, TUNNEL_KEY_WITHOUT_LOCAL, 0))
		vtep->address[0] = be32(key->remote_v4);
	else if (!get_tunnel_key(skb, key, TUNNEL_KEY_WITHOUT_LOCAL, TUNNEL_IPV6)) {
		vtep->address[0] = key->remote_v6[0];
		vtep->address[1] = key->remote_v6[1];
		vtep->address[2] = key->remote_v6[2];
		vtep->address[3] = key->remote_v6[3];
	} else
		return 0;
	return map_lookup(&ov_vtep, vtep);
}

/*
 * Notes an IP packet of a sender whose address no peer has, for the daemon to find out who that is. The map keeps the
 * first of each sender and takes no more than it has room for until the daemon has read it: a flood costs a look-up.
 */
INLINE void note_stranger(struct __sk_buff *skb, const struct vtep_key *vtep, __u32 vni)
{
	struct {
		struct mac to, from;
		__be16 type;
	} *link;
	struct stranger stranger = { .vni = vni };

	if (map_lookup(&ov_stranger, vtep) || !has_linear(skb, ETH_HLEN + sizeof(struct iphdr)))
		return;
	link = (void *)(long)skb->data;
	if ((void *)link + ETH_HLEN + sizeof(struct iphdr) > (void *)(long)skb->data_end)
		return;
	stranger.to = link->to;
	stranger.from = link->from;
	if (link->type == be16(ETH_P_IP)) {
		struct iphdr *ip = (void *)link + ETH_HLEN;

		stranger.family = 4;
		stranger.source[0] = ip->saddr;
	} else if (link->type != be16(ETH_P_IPV6)
		|| load_bytes(skb, ETH_HLEN + __builtin_offsetof(struct ipv6hdr, saddr), stranger.source, 16))
		return;
	else
		stranger.family = 6;
	map_update(&ov_stranger, vtep, &stranger, BPF_NOEXIST);
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
	struct vtep_key vtep = {};
	struct target *sender = config ? sender_of(skb, &key, &vtep) : 0;
	struct traffic *traffic;
	enum reason reason = REASON_UNKNOWN_VTEP;
	__u32 length = skb->len > ETH_HLEN ? skb->len - ETH_HLEN : 0, packets = packets_of(skb), id;
	__be16 type = 0;

	if (!config)
		goto dropped;
	if (!sender) {
		note_stranger(skb, &vtep, key.id);
		goto dropped;
	}
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

#endif
