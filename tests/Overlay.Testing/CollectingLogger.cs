using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Overlay.Testing;

/// <summary>Keeps every line with its level.</summary>
public sealed class CollectingLogger<T> : ILogger<T>
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text)> _lines = new();

    public IReadOnlyList<string> Warnings => Of(LogLevel.Warning);

    public IReadOnlyList<string> Of(LogLevel level) =>
        [.. _lines.Where(line => line.Level == level).Select(static line => line.Text)];

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?,
        string> formatter) =>
        _lines.Enqueue((logLevel, formatter(state, exception)));
}
