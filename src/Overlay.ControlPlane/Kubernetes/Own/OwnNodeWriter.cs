namespace Overlay.ControlPlane;

/// <summary>Writes this node's own Node, and keeps it written while a watch runs.</summary>
internal sealed class OwnNodeWriter(ApiServerClient api, OwnNodeState state, KubernetesTimings timings, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SemaphoreSlim _wake = new(0, 1);

    /// <summary>Something about the Node, or about what it should be, may be another thing now.</summary>
    public void Wake()
    {
        lock (_wake)
        {
            if (_wake.CurrentCount == 0) _ = _wake.Release();
        }
    }

    /// <summary>Reads the Node and writes what differs.</summary>
    /// <exception cref="IOException">It could not be read or written, or is not there.</exception>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            ApiObject? node = await api.GetNodeAsync(state.Name, cancellationToken);
            state.See(node);
            if (node is null) throw new IOException($"Node {state.Name} is not in the cluster yet");
            if (state.Patch(node) is { } patch) node = await api.PatchStatusAsync(state.Name, patch, cancellationToken);
            state.Written(node);
        }
        catch (IOException exception)
        {
            state.Failed($"cannot be written: {exception.Message}");
            throw;
        }
        finally
        {
            _ = _writing.Release();

            // A running watch tells of other pod CIDRs, and tries again.
            Wake();
        }
    }

    /// <summary>Writes whenever something is missing, until cancelled.</summary>
    /// <param name="reassigned">Told of other pod CIDRs than those published.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task KeepAsync(Action<PodCidrs> reassigned, CancellationToken cancellationToken)
    {
        Backoff backoff = new(timings, time);
        while (true)
        {
            if (state.TakeReassigned() is { } given) reassigned(given);
            if (!state.NeedsWrite)
            {
                await _wake.WaitAsync(cancellationToken);
                continue;
            }

            await Task.Delay(state.RepairWait, time, cancellationToken);
            try
            {
                await WriteAsync(cancellationToken);
            }
            catch (IOException)
            {
                // Said by the state, and the reason is among its problems.
                await Task.Delay(backoff.Next(), time, cancellationToken);
            }
        }
    }

    public void Dispose()
    {
        _writing.Dispose();
        _wake.Dispose();
    }
}
