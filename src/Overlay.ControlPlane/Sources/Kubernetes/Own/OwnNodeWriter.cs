using System.Threading.Channels;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;

namespace Overlay.ControlPlane.Sources.Kubernetes.Own;

/// <summary>Writes this node's own Node, and keeps it written while a watch runs.</summary>
internal sealed class OwnNodeWriter(
    ApiServerClient api, OwnNodeState state, KubernetesTimings timings, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SemaphoreSlim _wake = new(0, 1);
    private ApiServerException? _refusal;
    private long _refusedAt;

    /// <summary>The Node, or the lease it should show, may have changed.</summary>
    public void Wake()
    {
        lock (_wake)
        {
            if (_wake.CurrentCount == 0) _ = _wake.Release();
        }
    }

    /// <summary>Reads the Node and writes the difference.</summary>
    /// <exception cref="IOException">
    /// It could not be read or written, or is not there, or the server wants to be left alone.
    /// </exception>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            if (_refusal?.RetryAfter is { } asked && time.GetElapsedTime(_refusedAt) < asked) throw _refusal;
            _refusal = null;
            state.Begin();
            ApiNode? node = await api.GetNodeAsync(state.Name, cancellationToken);
            state.Read(node);
            if (node is null) throw new IOException($"Node {state.Name} is not in the cluster yet");
            if (state.Patch(node) is { } patch) node = await api.PatchStatusAsync(state.Name, patch, cancellationToken);
            state.Written(node);
        }
        catch (IOException exception)
        {
            // Other writes meanwhile fail without a request: the server wants to be left alone.
            if (exception is ApiServerException refusal && refusal != _refusal)
                (_refusal, _refusedAt) = (refusal, time.GetTimestamp());
            state.Failed($"cannot be written: {exception.Message}", exception is ApiServerException
                ? ApiServerException.CauseOf(exception)
                : exception.Message);
            throw;
        }
        finally
        {
            _ = _writing.Release();

            // A running watch hands on other pod CIDRs, and tries again.
            Wake();
        }
    }

    /// <summary>Writes whenever something is missing, until cancelled.</summary>
    /// <param name="given">Gets other pod CIDRs than those published.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task KeepAsync(ChannelWriter<PodCidrs> given, CancellationToken cancellationToken)
    {
        ServerPatience patience = new(timings, time);
        while (true)
        {
            if (state.TakeReassigned() is { } podCidrs) await given.WriteAsync(podCidrs, cancellationToken);
            if (!state.NeedsWrite)
            {
                await _wake.WaitAsync(cancellationToken);
                continue;
            }

            await Task.Delay(state.RepairWait, time, cancellationToken);
            try
            {
                await WriteAsync(cancellationToken);
                patience.Answered();
            }
            catch (IOException exception)
            {
                // Logged by the state, and among its problems.
                await Task.Delay(patience.Next(exception), time, cancellationToken);
            }
        }
    }

    public void Dispose()
    {
        _writing.Dispose();
        _wake.Dispose();
    }
}
