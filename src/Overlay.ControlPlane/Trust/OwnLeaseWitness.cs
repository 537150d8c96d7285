namespace Overlay.ControlPlane.Trust;

/// <summary>
/// Doubts a store in which this node's own lease is missing, until the lease has been back for long enough: a directory
/// that is not mounted lacks everyone's leases. Not thread-safe.
/// </summary>
/// <param name="time">Clock of the doubt.</param>
internal sealed class OwnLeaseWitness(TimeProvider time)
{
    private bool _isDoubted;
    private long _missedAt;
    private TimeSpan _grace;

    /// <summary>The store is not believed yet.</summary>
    public bool IsDoubted => _isDoubted;

    /// <summary>The own lease is missing, or may be missing.</summary>
    /// <param name="grace">
    /// How long it has to be back before the store is believed. The grace of the first doubt stays.
    /// </param>
    public void Missed(TimeSpan grace)
    {
        if (!_isDoubted) _grace = grace;
        _missedAt = time.GetTimestamp();
        _isDoubted = true;
    }

    /// <summary>The own lease is being put into the store for the first time: the grace counts from here.</summary>
    /// <param name="wasThere">The lease of the last run is there: this is the store of that run.</param>
    public void FirstPublished(bool wasThere)
    {
        if (wasThere) _isDoubted = false;
        _missedAt = time.GetTimestamp();
    }

    /// <summary>The own lease is in the store.</summary>
    /// <returns>True when the store is believed.</returns>
    public bool Seen()
    {
        _isDoubted = _isDoubted && time.GetElapsedTime(_missedAt) < _grace;
        return !_isDoubted;
    }
}
