using Overlay.Dataplane.Ebpf.Maps;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Ebpf.Mirroring;

/// <summary>
/// The numbers by which the maps name VTEPs and nodes: small, stable while a VTEP has its address, and used again. Not
/// thread-safe.
/// </summary>
/// <remarks>
/// A number that becomes free is given out again only after <see cref="Settle"/>: until then something in the kernel
/// may still refer to it.
/// </remarks>
/// <param name="capacity">Rows of the map of peers, row 0 included.</param>
internal sealed class PeerNumbers(int capacity)
{
    private readonly Dictionary<IpAddress, (RemoteVtep Vtep, Target Target)> _vteps = [];
    private readonly Dictionary<string, (uint Owner, int Vteps)> _owners = [];
    private readonly Numbers _peerNumbers = new((uint)capacity - 1);
    private readonly Numbers _ownerNumbers = new(uint.MaxValue - 1);
    private readonly List<uint> _freePeers = [];
    private readonly List<uint> _freeOwners = [];

    public int Count => _vteps.Count;

    /// <summary>Every VTEP with its numbers.</summary>
    public IEnumerable<(RemoteVtep Vtep, Target Target)> All => _vteps.Values;

    /// <summary>The numbers of a VTEP; false where it has none.</summary>
    public bool TryFind(IpAddress address, out Target target)
    {
        bool isKnown = _vteps.TryGetValue(address, out (RemoteVtep, Target Target) row);
        target = row.Target;
        return isKnown;
    }

    /// <summary>Gives a VTEP its numbers: those of its address and of its node, where they have some.</summary>
    /// <param name="vtep">Takes the place of another one of its address.</param>
    /// <param name="wanted">Numbers to use where they are free; 0 for any.</param>
    /// <param name="isNew">The row of the peer had no owner before.</param>
    /// <returns>Null where all numbers are in use.</returns>
    public Target? Assign(RemoteVtep vtep, Target wanted, out bool isNew)
    {
        isNew = false;
        uint peer;
        if (_vteps.TryGetValue(vtep.Address, out (RemoteVtep Vtep, Target Target) known))
        {
            peer = known.Target.Peer;
            if (known.Vtep.Node == vtep.Node)
            {
                _vteps[vtep.Address] = (vtep, known.Target);
                return known.Target;
            }

            ReleaseOwner(known.Vtep.Node);
        }
        else
        {
            isNew = true;
            peer = wanted.Peer != 0 && _peerNumbers.TryTake(wanted.Peer) ? wanted.Peer : _peerNumbers.Take();
            if (peer == 0) return null;
        }

        Target target = new(peer, TakeOwner(vtep.Node, wanted.Owner));
        _vteps[vtep.Address] = (vtep, target);
        return target;
    }

    /// <summary>Takes the numbers of a VTEP back; false where it has none.</summary>
    public bool TryRelease(IpAddress address, out Target target)
    {
        target = default;
        if (!_vteps.Remove(address, out (RemoteVtep Vtep, Target Target) row)) return false;
        target = row.Target;
        _freePeers.Add(target.Peer);
        ReleaseOwner(row.Vtep.Node);
        return true;
    }

    /// <summary>Keeps numbers that the kernel still has from being given out until <see cref="Settle"/>.</summary>
    public void Reserve(Target target)
    {
        if (target.Peer != 0 && _peerNumbers.TryTake(target.Peer)) _freePeers.Add(target.Peer);
        if (target.Owner != 0 && _ownerNumbers.TryTake(target.Owner)) _freeOwners.Add(target.Owner);
    }

    /// <summary>Nothing in the kernel refers to released numbers any more.</summary>
    public void Settle()
    {
        foreach (uint peer in _freePeers) _peerNumbers.Return(peer);
        foreach (uint owner in _freeOwners) _ownerNumbers.Return(owner);
        _freePeers.Clear();
        _freeOwners.Clear();
    }

    private uint TakeOwner(string node, uint wanted)
    {
        if (_owners.TryGetValue(node, out (uint Owner, int Vteps) known))
        {
            _owners[node] = (known.Owner, known.Vteps + 1);
            return known.Owner;
        }

        uint owner = wanted != 0 && _ownerNumbers.TryTake(wanted) ? wanted : _ownerNumbers.Take();
        _owners[node] = (owner, 1);
        return owner;
    }

    private void ReleaseOwner(string node)
    {
        (uint owner, int vteps) = _owners[node];
        if (vteps > 1) _owners[node] = (owner, vteps - 1);
        else
        {
            _ = _owners.Remove(node);
            _freeOwners.Add(owner);
        }
    }
}
