namespace Overlay.Dataplane.Taps;

/// <summary>The place where a worker looks, once a batch and direction, whether somebody listens.</summary>
/// <remarks>A listener of any thread sets the ring; the worker sees it from its next batch on.</remarks>
public sealed class TapPoint
{
    private volatile TapRing? _ring;

    /// <summary>The ring that packets are copied into; null while nobody listens.</summary>
    public TapRing? Ring
    {
        get => _ring;
        set => _ring = value;
    }
}
