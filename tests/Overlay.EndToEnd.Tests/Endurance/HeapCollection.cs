using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;

namespace Overlay.EndToEnd.Tests.Endurance;

/// <summary>A full collection of another process's managed heap, so that its size is that of what is in use.</summary>
internal static class HeapCollection
{
    // ClrTraceEventParser's GCHeapCollect: a session that begins with it collects once (EventPipe).
    private const long Collect = 0x80_0000;

    /// <summary>Collects, and returns when that is over.</summary>
    /// <param name="process">Of .NET, with the same temporary directory as this one.</param>
    public static void Run(int process)
    {
        DiagnosticsClient client = new(process);
        using EventPipeSession session = client.StartEventPipeSession(
            [new EventPipeProvider("Microsoft-Windows-DotNETRuntime", EventLevel.Informational, Collect)],
            requestRundown: false);

        // The stream ends once the session has: somebody has to read it until then.
        Task reading = session.EventStream.CopyToAsync(Stream.Null);
        session.Stop();
        reading.Wait();
    }
}
