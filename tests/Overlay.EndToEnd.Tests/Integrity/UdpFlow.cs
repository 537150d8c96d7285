using System.Net.Sockets;

namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>How a flow's datagrams are made: offloads meet them differently.</summary>
internal enum FlowShape
{
    /// <summary>Of another size each time.</summary>
    Mixed,

    /// <summary>Of one size: they may be joined.</summary>
    Even,

    /// <summary>Handed to the pod's kernel several at once (UDP_SEGMENT): super-packets from the start.</summary>
    Train,

    /// <summary>
    /// Larger than any MTU on the way: in fragments, which say nothing of ports. A flow that mixes them with whole
    /// packets has two hashes, and whoever goes by those takes it for two flows.
    /// </summary>
    Fragmented,
}

/// <summary>A pair of sockets of two pods, which send to each other.</summary>
/// <param name="Index">From 0, over both families.</param>
/// <param name="Family">Of the inner packets.</param>
/// <param name="One">Which of its sockets the first pod uses.</param>
/// <param name="Other">Which of its sockets the second pod uses.</param>
internal readonly record struct UdpFlow(int Index, AddressFamily Family, int One, int Other)
{
    // Mutually prime to the sockets a pod has, so that each socket has flows of all shapes.
    private const int Shapes = 9;

    private const int LargestMtu = 1500;

    public FlowShape Shape => (Index % Shapes) switch
    {
        0 => FlowShape.Fragmented,
        1 or 2 => FlowShape.Train,
        3 or 4 or 5 => FlowShape.Even,
        _ => FlowShape.Mixed,
    };

    /// <summary>The flow's number in one direction: 0 from the first pod, 1 from the second.</summary>
    public int Id(int direction) => (2 * Index) + direction;

    /// <summary>Bytes of a datagram's payload.</summary>
    /// <param name="number">Which datagram.</param>
    /// <param name="most">Bytes that the pods' MTU takes unfragmented.</param>
    public int Length(int number, int most) => Shape switch
    {
        FlowShape.Fragmented => LargestMtu + (((number * 701) + (Index * 13)) % (2 * most)),
        FlowShape.Mixed => NumberedPayload.MinLength
            + (((number * 397) + (Index * 31)) % (most - NumberedPayload.MinLength)),

        // As large as it can be in some flows, of an odd size in others.
        _ => Index % 2 == 0 ? most : NumberedPayload.MinLength + 1 + (Index * 7 % 600 * 2),
    };
}
