/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The part of the kernel's interface that the programs use. Helper numbers and flags are those of the kernel's
 * include/uapi/linux/bpf.h, written out here: the headers of the machine that compiles may be older than the kernel.
 */
#ifndef OVERLAY_KERNEL_H
#define OVERLAY_KERNEL_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/types.h>
#include <linux/udp.h>

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define be16(value) ((__be16)__builtin_bswap16(value))
#define be32(value) ((__be32)__builtin_bswap32(value))
#else
#define be16(value) ((__be16)(value))
#define be32(value) ((__be32)(value))
#endif

/*
 * "Not mine": what follows in the hook runs, and without anything behind it the packet goes its way. TC_ACT_OK would
 * end the chain: a TCX program that returns it hides every later one and all of clsact (kernel/bpf/tcx.c and
 * net/core/dev.c, tcx_run: only TCX_NEXT, which is -1, goes on).
 */
#define NEXT (-1)
#define SHOT 2 /* TC_ACT_SHOT */

/* bpf_skb_adjust_room */
#define ROOM_MAC 1
#define ROOM_FIXED_GSO (1ull << 0)
#define ROOM_ENCAP_L3_IPV4 (1ull << 1)
#define ROOM_ENCAP_L4_UDP (1ull << 4)
#define ROOM_NO_CSUM_RESET (1ull << 5)
#define ROOM_ENCAP_L2_ETH (1ull << 6)           /* Linux 5.13 */
#define ROOM_DECAP_L3_IPV4 (1ull << 7)          /* Linux 6.3 */
#define ROOM_DECAP_L3_IPV6 (1ull << 8)          /* Linux 6.3 */
#define ROOM_DECAP_L4_UDP (1ull << 10)          /* not in Linux 6.18 */
#define ROOM_ENCAP_L2(length) ((__u64)(length) << 56)

#define TUNNEL_IPV6 (1ull << 0)                 /* BPF_F_TUNINFO_IPV6 */
#define REDIRECT_INGRESS (1ull << 0)            /* BPF_F_INGRESS */
#define CSUM_LEVEL_DEC 2                        /* BPF_CSUM_LEVEL_DEC */
#define THIS_NAMESPACE (-1ll)                   /* BPF_F_CURRENT_NETNS */

/* struct bpf_tunnel_key up to tunnel_label, which every kernel takes, and the local address, which Linux 6.0 takes. */
struct tunnel_key {
	__u32 id;
	union {
		__u32 remote_v4; /* host byte order */
		__u32 remote_v6[4]; /* network byte order */
	};
	__u8 tos;
	__u8 ttl;
	__u16 flags;
	__u32 label;
	union {
		__u32 local_v4; /* host byte order */
		__u32 local_v6[4]; /* network byte order */
	};
};

#define TUNNEL_KEY_WITHOUT_LOCAL 28

static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static long (*const map_update)(void *map, const void *key, const void *value, __u64) = (void *)2;
static __u32 (*const random_u32)(void) = (void *)7;
static long (*const store_bytes)(struct __sk_buff *, __u32 offset, const void *, __u32 length, __u64) = (void *)9;
static long (*const l3_csum_replace)(struct __sk_buff *, __u32 offset, __u64 from, __u64 to, __u64 size) = (void *)10;
static long (*const get_tunnel_key)(struct __sk_buff *, struct tunnel_key *, __u32 size, __u64) = (void *)20;
static long (*const set_tunnel_key)(struct __sk_buff *, struct tunnel_key *, __u32 size, __u64) = (void *)21;
static long (*const redirect)(__u32 index, __u64 flags) = (void *)23;
static long (*const load_bytes)(const struct __sk_buff *, __u32 offset, void *, __u32 length) = (void *)26;
static __u32 (*const flow_hash)(struct __sk_buff *) = (void *)34;
static long (*const pull_data)(struct __sk_buff *, __u32 length) = (void *)39;
static long (*const change_head)(struct __sk_buff *, __u32 length, __u64) = (void *)43;
static long (*const adjust_room)(struct __sk_buff *, __s32 by, __u32 mode, __u64) = (void *)50;
static struct bpf_sock *(*const sk_lookup_udp)(
	void *, struct bpf_sock_tuple *, __u32 size, __u64 netns, __u64) = (void *)85;
static long (*const sk_release)(void *) = (void *)86;
static long (*const sk_assign)(void *, void *, __u64) = (void *)124;
static long (*const csum_level)(struct __sk_buff *, __u64 level) = (void *)135;
static long (*const redirect_neigh)(__u32 index, void *, int, __u64) = (void *)152;

#endif
