namespace Overlay.Bench;

/// <summary>The rig cannot start as asked; the message is the one line its user sees.</summary>
internal sealed class UsageException(string message) : Exception(message);
