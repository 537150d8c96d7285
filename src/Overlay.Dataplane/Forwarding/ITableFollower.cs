namespace Overlay.Dataplane.Forwarding;

/// <summary>Mirrors the forwarding table somewhere else, such as in the kernel's routes.</summary>
public interface ITableFollower
{
    /// <summary>Takes over a table that the packet path sees already.</summary>
    /// <remarks>
    /// Called on the writer's thread, under the publisher's lock: a slow follower delays the next table, and none may
    /// publish or wait for a thread that does. After an exception the publisher goes on with the next change, so a
    /// follower that failed compares its mirror with the whole table then.
    /// </remarks>
    /// <param name="table">The table as of now.</param>
    /// <param name="change">
    /// Its difference to the table of the call before; <see cref="TableChange.None"/> where only
    /// <see cref="ForwardingTable.Local"/> changed.
    /// </param>
    void Follow(ForwardingTable table, TableChange change);
}
