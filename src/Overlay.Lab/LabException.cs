namespace Overlay.Lab;

/// <summary>The lab could not do what was asked: the message names the command and what it answered.</summary>
public sealed class LabException : Exception
{
    public LabException(string message)
        : base(message)
    {
    }

    public LabException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
