namespace Overlay.Pods.Ranges;

/// <summary>No address could be given; the message names the range or the address and why.</summary>
public sealed class IpamException : Exception
{
    public IpamException(string message)
        : base(message)
    {
    }
}
