using Overlay.Cni.Protocol;

namespace Overlay.Cni.Commands;

/// <summary>Steps of a removal, of which each is taken whatever became of those before it.</summary>
internal sealed class RemovalSteps
{
    private readonly List<string> _problems = [];

    /// <summary>What the steps that failed say.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>The first failure; null where there was none.</summary>
    public CniException? First { get; private set; }

    public void Try(Action step)
    {
        try
        {
            step();
        }
        catch (Exception exception) when (exception is CniException or IOException or UnauthorizedAccessException)
        {
            First ??= exception as CniException ?? new CniException(CniErrorCode.InputOutput, exception.Message);
            _problems.Add(exception.Message);
        }
    }
}
