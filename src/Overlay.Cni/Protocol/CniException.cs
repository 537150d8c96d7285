namespace Overlay.Cni.Protocol;

/// <summary>What the plugin answers instead of a result: one of the CNI specification's error codes and why.</summary>
internal sealed class CniException : Exception
{
    /// <param name="code">See <see cref="CniErrorCode"/>.</param>
    /// <param name="message">One sentence that names the thing and its value.</param>
    /// <param name="details">More, or empty.</param>
    public CniException(uint code, string message, string details = "")
        : base(message)
    {
        Code = code;
        Details = details;
    }

    public uint Code { get; }

    public string Details { get; }
}
