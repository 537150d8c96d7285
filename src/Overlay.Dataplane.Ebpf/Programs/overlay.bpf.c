/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The forwarding table in the kernel: packets of pods leave from the TUN's egress hook, and come in behind a vxlan
 * device. A packet that no program takes goes to the daemon, which has the same table.
 *
 * No BTF, no relocation but to maps, no function calls between programs: the daemon's own loader takes the object as it
 * is. Header offsets are constants for each family: a variable one is pointer arithmetic that the verifier refuses
 * without CAP_PERFMON (kernel/bpf/verifier.c, sanitize_ptr_alu). Bytes are compared word by word, as __builtin_memcmp
 * becomes a call of a function that no kernel has.
 */
#include "egress.h"
#include "ingress.h"
#include "underlay.h"

/* Probes: each returns what bpf_skb_adjust_room did, for BPF_PROG_TEST_RUN. */

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
