using Overlay.Wire.Values;

namespace Overlay.Pods.Ranges;

/// <summary>Walks once around a range set, from behind the address given last, in the order of host-local.</summary>
internal sealed class RangeCursor
{
    private readonly RangeSet _set;
    private int _index;
    private IpAddress? _current;
    private IpAddress? _first;

    public RangeCursor(RangeSet set, IpAddress? last)
    {
        _set = set;
        if (last is not { } address) return;
        for (int i = 0; i < set.Ranges.Count; i++)
        {
            if (!set.Ranges[i].Contains(address)) continue;
            _index = i;
            _current = address;
            return;
        }
    }

    /// <summary>The range of the address that <see cref="Next"/> gave.</summary>
    public AddressRange Range => _set.Ranges[_index];

    /// <summary>The next candidate; null when all have been seen.</summary>
    public IpAddress? Next()
    {
        while (true)
        {
            if (_current is null) _current = Range.Start;
            else if (_current == Range.End)
            {
                _index = (_index + 1) % _set.Ranges.Count;
                _current = Range.Start;
            }
            else _current = _current.Value.Add(1);

            if (_first is null) _first = _current;
            else if (_first == _current) return null;
            if (_current != Range.Gateway) return _current;
        }
    }
}
