/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The maps, and the layouts of their keys and values. The daemon has the same layouts as structs of its own (folder
 * Maps); a test compares the sizes, and CONFIG_ABI changes with every change here.
 */
#ifndef OVERLAY_TABLES_H
#define OVERLAY_TABLES_H

#include "kernel.h"

#define CONFIG_ABI 1

/* Bits of config.switches. */
#define SWITCH_FORWARD 1u   /* the table has this node's own end; without it no program takes a packet */
#define SWITCH_DIRECT 2u    /* IPv4 peers are reached by headers of our own, not by the vxlan device */
#define SWITCH_SHORTCUT 4u  /* ov_ingress takes single frames before the kernel's UDP sees them */
#define SWITCH_BRIDGE 8u    /* ov_ingress hands our port's datagrams to the socket at bridge_port */

struct mac {
	__u16 words[3];
};

/* The one value of ov_cfg. */
struct config {
	__u32 abi;
	__u32 switches;
	__u32 underlay_index;
	__u32 tun_index;
	__u32 vxlan_index;
	__u32 underlay_mtu; /* bytes */
	__u32 vni;          /* host byte order */
	__be32 vtep_v4;     /* 0 for none */
	__be16 port;
	__be16 bridge_port;
	__be32 vtep_v6[4];  /* zero for none */
	struct mac mac;
	struct mac mac_v6;
};

struct route_key_v4 {
	__u32 length; /* bits */
	__be32 address;
};

struct route_key_v6 {
	__u32 length; /* bits */
	__be32 address[4];
};

/* The value of a route and of a VTEP. Both ids begin at 1; 0 is this node itself. */
struct target {
	__u32 peer;  /* index of ov_peer */
	__u32 owner; /* one number for all VTEPs of a node */
};

#define OWN_NODE 0

/* A value of ov_peer. */
struct peer {
	__u32 family;  /* 4 or 6; 0 where the row is not in use */
	struct mac mac;
	__u16 reserved;
	__be32 address[4]; /* IPv4 in the first word */
};

/* The key of ov_vtep: an underlay address, IPv4 in the first word and the rest zero. */
struct vtep_key {
	__be32 address[4];
};

/* A value of ov_cnt. */
struct count {
	__u64 packets;
	__u64 bytes; /* of inner IP packets */
};

/* A value of ov_traffic. */
struct traffic {
	struct count egress;
	struct count ingress;
};

/* A value of ov_stranger: what a frame says of the sender whose address no peer has. */
struct stranger {
	__u32 vni;         /* host byte order */
	struct mac to;
	struct mac from;
	__u32 family;      /* 4 or 6, of the inner packet */
	__be32 source[4];  /* of the inner packet; IPv4 in the first word */
};

/* Rows of ov_cnt: ingress begins at 0 with one row a reason; these follow. */
#define COUNT_EGRESS_DIRECT 32
#define COUNT_EGRESS_DEVICE 33
#define COUNT_EGRESS_FAILED 34
#define COUNT_SHORTCUT 35
#define COUNT_BRIDGED 36
#define COUNTS 64

/* Numbers of Overlay.Dataplane.Packets.DropReason. */
enum reason {
	REASON_NONE = 0,
	REASON_PKT_TOO_SMALL = 1,
	REASON_UNHANDLED_PROTO = 3,
	REASON_IP_IN_HDR = 4,
	REASON_IP_CSUM = 5,
	REASON_UNKNOWN_VTEP = 9,
	REASON_VXLAN_VNI_NOT_FOUND = 11,
	REASON_MAC_INVALID_SOURCE = 12,
	REASON_LOCAL_MAC = 13,
	REASON_OTHER_HOST = 14,
	REASON_SOURCE_NOT_ALLOWED = 15,
	REASON_IP_IN_ADDR_ERRORS = 16,
};

/* A map as the daemon's loader reads it from section "maps". */
struct map_definition {
	__u32 type;
	__u32 key_size;
	__u32 value_size;
	__u32 max_entries;
	__u32 flags;
};

#define MAP(name, kind, key, value, entries, bits) \
	struct map_definition SEC("maps") name = { \
		.type = (kind), .key_size = sizeof(key), .value_size = sizeof(value), \
		.max_entries = (entries), .flags = (bits) }

#define ROUTES 1048576
#define PEERS 16384
#define STRANGERS 64

MAP(ov_cfg, BPF_MAP_TYPE_ARRAY, __u32, struct config, 1, 0);
MAP(ov_rt4, BPF_MAP_TYPE_LPM_TRIE, struct route_key_v4, struct target, ROUTES, BPF_F_NO_PREALLOC);
MAP(ov_rt6, BPF_MAP_TYPE_LPM_TRIE, struct route_key_v6, struct target, ROUTES, BPF_F_NO_PREALLOC);
MAP(ov_peer, BPF_MAP_TYPE_ARRAY, __u32, struct peer, PEERS, 0);
MAP(ov_vtep, BPF_MAP_TYPE_HASH, struct vtep_key, struct target, PEERS, BPF_F_NO_PREALLOC);
MAP(ov_cnt, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct count, COUNTS, 0);
MAP(ov_stranger, BPF_MAP_TYPE_HASH, struct vtep_key, struct stranger, STRANGERS, 0);
MAP(ov_traffic, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct traffic, PEERS, 0);

#endif
