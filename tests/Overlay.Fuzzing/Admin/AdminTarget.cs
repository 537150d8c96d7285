using Overlay.Fuzzing.Targets;

namespace Overlay.Fuzzing.Admin;

/// <summary>The admin socket from both of its ends, and the socket beside it that hands a node over.</summary>
/// <remarks>Input: a byte that chooses the reader, then what it reads.</remarks>
internal sealed class AdminTarget : IFuzzTarget, IDisposable
{
    private readonly AdminRequests _requests = new();
    private readonly HandoverMessagesReading _handover = new();

    public string Name => "admin";

    public IEnumerable<Seed> Seeds => AdminSeeds.All();

    public void Execute(ReadOnlySpan<byte> input)
    {
        FuzzInput rest = new(input);
        switch ((AdminReaderKind)(rest.Byte() % (int)AdminReaderKind.Count))
        {
            case AdminReaderKind.Request:
                _requests.Answer(rest.Rest);
                break;
            case AdminReaderKind.Handover:
                _handover.Run(rest.Rest);
                break;
            case AdminReaderKind.Report:
                ReportReading.Run(rest.Rest);
                break;
            default:
                CaptureReading.Run(rest.Rest);
                break;
        }
    }

    public void Dispose()
    {
        _requests.Dispose();
        _handover.Dispose();
    }
}

/// <summary>The readers, by the first byte of an input.</summary>
internal enum AdminReaderKind
{
    /// <summary>overlayd reads a request: <c>METHOD PATH?QUERY</c>, a line feed, and the body.</summary>
    Request,

    /// <summary>overlayd reads messages of a hand-over.</summary>
    Handover,

    /// <summary>overlayctl reads a report.</summary>
    Report,

    /// <summary>overlayctl reads a capture.</summary>
    Capture,

    /// <summary>The number of readers.</summary>
    Count,
}
