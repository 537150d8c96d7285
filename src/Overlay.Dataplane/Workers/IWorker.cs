namespace Overlay.Dataplane.Workers;

/// <summary>A loop with a thread of its own.</summary>
public interface IWorker
{
    /// <summary>What its thread is called; Linux shows the first 15 characters.</summary>
    string Name { get; }

    /// <summary>Runs until it is interrupted.</summary>
    /// <exception cref="IOException">A device is gone.</exception>
    void Run();
}
