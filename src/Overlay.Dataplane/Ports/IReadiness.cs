namespace Overlay.Dataplane.Ports;

/// <summary>How a worker sleeps until one of its two devices has something for it, and is told to end.</summary>
public interface IReadiness
{
    /// <summary>The worker is to end once what is queued is through.</summary>
    bool IsInterrupted { get; }

    /// <summary>Waits until a device may have something; returns at once when interrupted.</summary>
    /// <exception cref="IOException">The devices cannot be waited for.</exception>
    void Wait();

    /// <summary>Ends the current wait and every later one. Callable from any thread.</summary>
    void Interrupt();
}
