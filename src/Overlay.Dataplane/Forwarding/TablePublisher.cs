namespace Overlay.Dataplane.Forwarding;

/// <summary>Where the control plane puts the current table, workers find it, and followers learn of it.</summary>
/// <remarks>
/// Workers load once a batch, without a lock. A table replaced meanwhile lives on until its last batch is done: the
/// garbage collector does what RCU does in the kernel. Writers take turns.
/// </remarks>
/// <param name="followerFailed">Called when a follower throws; the others and the writer go on.</param>
public sealed class TablePublisher(Action<ITableFollower, Exception>? followerFailed = null)
{
    private readonly Lock _writing = new();
    private readonly List<ITableFollower> _followers = [];
    private volatile ForwardingTable _current = ForwardingTable.Empty;

    public ForwardingTable Current => _current;

    /// <summary>Replaces routes and VTEPs; every batch that begins after this returns sees them.</summary>
    /// <param name="table">Gets the current <see cref="ForwardingTable.Local"/> unless it has its own.</param>
    /// <param name="change">Its difference to the table before.</param>
    public void Publish(ForwardingTable table, TableChange change)
    {
        lock (_writing)
        {
            if (table.Local is null && _current.Local is { } local) table = table.With(local);
            Replace(table, change);
        }
    }

    /// <summary>Replaces this node's own end of the tunnels; routes and VTEPs stay.</summary>
    public void SetLocal(LocalEndpoint local)
    {
        lock (_writing)
        {
            if (local != _current.Local) Replace(_current.With(local), TableChange.None);
        }
    }

    /// <summary>
    /// Has a follower called now, with all of the current table as added, and with every later change.
    /// </summary>
    public void Add(ITableFollower follower)
    {
        lock (_writing)
        {
            _followers.Add(follower);
            Notify(follower, TableChange.From(_current));
        }
    }

    /// <summary>Has a follower that has failed called again with all of the current table, as <see cref="Add"/> does.</summary>
    public void Repeat(ITableFollower follower)
    {
        lock (_writing)
        {
            if (_followers.Contains(follower)) Notify(follower, TableChange.From(_current));
        }
    }

    /// <summary>Ends what <see cref="Add"/> began; the follower is not called after this returns.</summary>
    public void Remove(ITableFollower follower)
    {
        lock (_writing) _ = _followers.Remove(follower);
    }

    private void Replace(ForwardingTable table, TableChange change)
    {
        _current = table;
        foreach (ITableFollower follower in _followers) Notify(follower, change);
    }

    private void Notify(ITableFollower follower, TableChange change)
    {
        try
        {
            follower.Follow(_current, change);
        }
#pragma warning disable CA1031 // Whatever is wrong with one mirror, packets flow by the table and the other mirrors.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            followerFailed?.Invoke(follower, exception);
        }
    }
}
