namespace Overlay.Dataplane;

/// <summary>A loop with a thread of its own: <see cref="EgressWorker"/> or <see cref="IngressWorker"/>.</summary>
public interface IWorker
{
    /// <summary>What its thread is called; Linux shows the first 15 characters.</summary>
    string Name { get; }

    /// <summary>Runs until its device is interrupted.</summary>
    /// <exception cref="IOException">A device is gone.</exception>
    void Run();
}
