using Overlay.Wire.Headers;

namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>What has passed one way of a relay since that was last taken; any thread may ask.</summary>
internal sealed class RelayLog
{
    private readonly Lock _gate = new();
    private readonly List<PacketId> _entered = [];
    private readonly List<RelayedPacket> _left = [];
    private Reassembly _entering = new();
    private Reassembly _leaving = new();
    private int _enteredUdp;
    private int _soundUdp;
    private int _overtakenTcp;
    private readonly Dictionary<ulong, ushort> _identifications = [];

    /// <summary>
    /// Datagrams that have come, and those that have gone on as they came; fragmented ones once they are whole.
    /// </summary>
    public (int Entered, int Sound) Udp
    {
        get
        {
            lock (_gate) return (_enteredUdp, _soundUdp);
        }
    }

    public void Enter(Span<byte> packet)
    {
        bool isDamaged = false;
        lock (_gate)
        {
            if (!TryIdentify(packet, _entering, ref isDamaged, out PacketId id)) return;
            _entered.Add(id);
            if (!id.IsTcp) _enteredUdp++;
            else if (Ipv4Header.TryParse(packet, out Ipv4Header ip)) NoteIdentification(id.Flow, ip.Identification);
        }
    }

    /// <param name="packet">As it came: damage would hide which it is.</param>
    /// <param name="isDamaged">It is not as it goes.</param>
    public void Leave(Span<byte> packet, bool isDamaged)
    {
        lock (_gate)
        {
            if (!TryIdentify(packet, _leaving, ref isDamaged, out PacketId id)) return;
            _left.Add(new(id, isDamaged));
            if (!id.IsTcp && !isDamaged) _soundUdp++;
        }
    }

    /// <summary>
    /// Datagrams of which a copy was damaged, and how many copies of others have gone on: they all have to arrive.
    /// </summary>
    public (HashSet<PacketId> Damaged, int Due) Settle()
    {
        lock (_gate)
        {
            HashSet<PacketId> damaged =
                [.. _left.Where(static packet => packet.IsDamaged).Select(static packet => packet.Id)];
            return (damaged, _left.Count(packet => !packet.Id.IsTcp && !damaged.Contains(packet.Id)));
        }
    }

    /// <summary>What has passed since it was last taken.</summary>
    public RelayedTraffic Take()
    {
        lock (_gate)
        {
            RelayedTraffic taken = new([.. _entered], [.. _left], _overtakenTcp);
            _entered.Clear();
            _left.Clear();
            _entering = new();
            _leaving = new();
            _identifications.Clear();
            (_enteredUdp, _soundUdp, _overtakenTcp) = (0, 0, 0);
            return taken;
        }
    }

    private void NoteIdentification(ulong flow, ushort identification)
    {
        // It wraps around.
        if (_identifications.TryGetValue(flow, out ushort last) && (short)(identification - last) <= 0) _overtakenTcp++;
        else _identifications[flow] = identification;
    }

    private static bool TryIdentify(Span<byte> packet, Reassembly fragments, ref bool isDamaged, out PacketId id) =>
        UnderlayFrame.TryIdentify(packet, out id) || fragments.TryComplete(packet, ref isDamaged, out id);
}
