using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overlay.Daemon.Handover;

/// <summary>The first message: a process that was started for a node that another one runs.</summary>
/// <param name="Protocol">The version of these messages, <see cref="HandoverMessages.Protocol"/>.</param>
/// <param name="Build">The version of its overlayd.</param>
/// <param name="Node">The name of its node.</param>
/// <param name="StateDirectory">Its state directory: two daemons of one host have one each.</param>
/// <param name="Service">The invocation of the service of systemd that it is of (INVOCATION_ID); null for none.</param>
internal sealed record HandoverHello(
    int Protocol, string Build, string Node, string StateDirectory, string? Service);

/// <summary>
/// The answer: the node, with the descriptors of its device's queues, receiving sockets, sending sockets and the
/// device's writer, where it has one, in this order; or the reason why there are none.
/// </summary>
/// <param name="Refusal">A sentence; null where the node can be had.</param>
/// <param name="Build">The version of the overlayd that runs.</param>
/// <param name="Node">Null where no node runs yet.</param>
internal sealed record HandoverOffer(string? Refusal, string Build, HandoverNode? Node);

/// <summary>A node by all that its descriptors depend on. Two that are equal can use the same ones.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Vni">The network.</param>
/// <param name="Port">Of the tunnels.</param>
/// <param name="Underlay">The addresses of the tunnels' ends.</param>
/// <param name="PodCidrs">Its pod CIDRs: their addresses are on the device.</param>
/// <param name="Queues">Queues of the device, and receiving sockets of each address.</param>
/// <param name="Offloads">Those that device and sockets were set up for.</param>
internal sealed record HandoverNode(
    string Name, uint Vni, ushort Port, string Underlay, string PodCidrs, int Queues, string Offloads);

/// <summary>Every later message: a byte, and a time where one belongs to it.</summary>
internal enum HandoverStep : byte
{
    /// <summary>To the predecessor: the successor has all but the packets. Answered by <see cref="Ready"/>.</summary>
    Prepare = 1,

    /// <summary>To the successor: nothing else changes the node from now on.</summary>
    Ready = 2,

    /// <summary>To the predecessor: workers are to end. Answered by <see cref="Released"/>.</summary>
    Release = 3,

    /// <summary>To the successor: they have; with the time since when they do not run.</summary>
    Released = 4,

    /// <summary>To the predecessor: the node is the successor's.</summary>
    Confirm = 5,

    /// <summary>To the predecessor, instead of the others: it is to end, and leaves what the kernel keeps.</summary>
    Leave = 6,

    /// <summary>To the successor, which has taken too long: the node is the predecessor's again.</summary>
    Kept = 7,
}

/// <summary>JSON of the first two messages.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HandoverHello))]
[JsonSerializable(typeof(HandoverOffer))]
internal sealed partial class HandoverMessages : JsonSerializerContext
{
    /// <summary>
    /// The version of the messages. One that differs gets no descriptors, and can have the predecessor leave: that step
    /// stays as it is.
    /// </summary>
    public const int Protocol = 1;
}
