namespace Overlay.Dataplane.Ebpf.Mirroring;

/// <summary>Numbers from 1 that are given out, the lowest first, and come back. Not thread-safe.</summary>
/// <param name="last">The highest number.</param>
internal sealed class Numbers(uint last)
{
    private readonly SortedSet<uint> _returned = [];
    private uint _next = 1;

    /// <summary>Gives out the lowest free number; 0 where there is none.</summary>
    public uint Take()
    {
        if (_returned.Count > 0)
        {
            uint lowest = _returned.Min;
            _ = _returned.Remove(lowest);
            return lowest;
        }

        return _next <= last ? _next++ : 0;
    }

    /// <summary>Gives out that number; false where it is in use or out of range.</summary>
    public bool TryTake(uint number)
    {
        if (number < _next) return _returned.Remove(number);
        if (number > last) return false;
        while (_next < number) _ = _returned.Add(_next++);
        _next++;
        return true;
    }

    /// <summary>Takes a number back.</summary>
    public void Return(uint number) => _ = _returned.Add(number);
}
