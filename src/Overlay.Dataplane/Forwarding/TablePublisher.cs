namespace Overlay.Dataplane.Forwarding;

/// <summary>Where the control plane puts the current table and the workers find it. One writer, any number of readers.</summary>
/// <remarks>
/// Readers load once per batch. A table replaced meanwhile lives on until its last batch is done: the garbage collector
/// does what RCU does in the kernel.
/// </remarks>
public sealed class TablePublisher
{
    private volatile ForwardingTable _current = ForwardingTable.Empty;

    public ForwardingTable Current => _current;

    /// <summary>Replaces the table; every batch that begins after this returns sees the new one.</summary>
    public void Publish(ForwardingTable table) => _current = table;
}
