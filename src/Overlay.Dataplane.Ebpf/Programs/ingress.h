/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Peers' frames behind the vxlan device. */
#ifndef OVERLAY_INGRESS_H
#define OVERLAY_INGRESS_H

#include "accept.h"

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

#endif
